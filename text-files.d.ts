// Text files that are embedded in both builds: import text from './x.md' with { type: 'text' }
declare module '*.md' {
  const text: string;
  export default text;
}
declare module '*.toml' {
  const text: string;
  export default text;
}
declare module '*.sh' {
  const text: string;
  export default text;
}
