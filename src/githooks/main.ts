/** Serves git hooks; a name that is not known is none of our business, and succeeds. */
export async function main(argv: readonly string[]): Promise<number> {
  void argv;
  return 0;
}
