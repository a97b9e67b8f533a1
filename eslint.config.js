import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(globalIgnores(['dist/', '.build.*/', 'node_modules/']), {
  files: ['src/**/*.ts', 'test/**/*.ts'],
  extends: [js.configs.recommended, tseslint.configs.recommended],
  languageOptions: { parserOptions: { projectService: true } },
  rules: {
    eqeqeq: 'error',
    'prefer-const': 'error',
    'no-template-curly-in-string': 'error',
    // The house test asks for a reason beside each any.
    '@typescript-eslint/no-explicit-any': 'off',
    '@typescript-eslint/await-thenable': 'error',
    '@typescript-eslint/consistent-type-imports': 'error',
    '@typescript-eslint/no-floating-promises': 'error',
    '@typescript-eslint/no-misused-promises': 'error',
    '@typescript-eslint/no-unnecessary-type-assertion': 'error',
    '@typescript-eslint/only-throw-error': 'error',
    '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
    '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
    // Control characters are what several checks look for.
    'no-control-regex': 'off',
  },
});
