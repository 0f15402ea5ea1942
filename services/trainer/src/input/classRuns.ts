/**
 * All training images, those of one class together: class c has `order[starts[c]]` up to, not with,
 * `order[starts[c + 1]]`.
 */
export interface ClassRuns {
  order: Uint32Array
  /** `[classes + 1]` */
  starts: Uint32Array
}

export function classRuns(labels: Uint16Array, classes: number): ClassRuns {
  const starts = new Uint32Array(classes + 1)
  for (const label of labels) starts[label + 1]!++
  for (let label = 0; label < classes; label++) starts[label + 1]! += starts[label]!
  const next = starts.slice()
  const order = new Uint32Array(labels.length)
  labels.forEach((label, place) => {
    order[next[label]!++] = place
  })
  return { order, starts }
}
