// The types of yargs-parser do not know the entry that needs nothing of Node.
declare module 'yargs-parser/browser' {
  export { default } from 'yargs-parser';
}
