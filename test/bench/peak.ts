// Runs one program and prints its peak memory in MiB. A process inherits the peak of the one that starts it until it is running, so this one is kept as small as can be.
declare const Bun: {
  spawn(argv: readonly string[], options: object): { readonly exited: Promise<number>; resourceUsage(): { readonly maxRSS: number } | undefined };
};

const child = Bun.spawn(process.argv.slice(2), { stdin: 'ignore', stdout: 'ignore', stderr: 'inherit' });
await child.exited;
console.log((child.resourceUsage()?.maxRSS ?? NaN) / 2 ** 20);
