/** Positions of the first images of classes that are spread evenly over all that have images. */
export function oneOfSomeClasses(labels: Uint16Array, wanted: number): number[] {
  const first = new Map<number, number>()
  labels.forEach((label, row) => {
    if (!first.has(label)) first.set(label, row)
  })
  const rows = [...first].sort(([a], [b]) => a - b).map(([, row]) => row)
  const some = Math.min(wanted, rows.length)
  return Array.from({ length: some }, (_, i) => rows[Math.floor((i * rows.length) / some)]!)
}
