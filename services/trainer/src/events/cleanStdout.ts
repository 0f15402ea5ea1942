/** Standard output belongs to the events: whatever else JavaScript prints there goes to standard error. */
export function cleanStdout(): void {
  process.stdout.write = process.stderr.write.bind(process.stderr)
}
