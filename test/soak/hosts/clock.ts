// The program on a machine whose clock is wrong: by GASTOWN_SOAK_SKEW milliseconds. The soak of hosts compiles this as the native build is compiled.
const skew = Number(process.env['GASTOWN_SOAK_SKEW'] ?? 0);
const now = Date.now;
Date.now = () => now() + skew;

void import('../../../src/main.ts');
