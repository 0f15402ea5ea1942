/** Keeps standard output for the events. Everything else that JavaScript prints there goes to standard error. */
export function cleanStdout(): void {
  process.stdout.write = process.stderr.write.bind(process.stderr)
}
