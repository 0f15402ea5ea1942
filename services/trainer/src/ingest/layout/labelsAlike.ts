/** What is left of a label when capitals, space, characters without a shape, and Unicode form do not count; a hyphen before a digit may be a minus. */
const formOf = (label: string): string =>
  label
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_\p{Cf}]+|-+(?!\d)/gu, '')

/** Labels that look like one and are several: each group of those that differ by capitals, space, hyphens or Unicode form alone. */
export function labelsAlike(labels: readonly string[]): string[][] {
  const groups = new Map<string, string[]>()
  for (const label of labels) {
    const form = formOf(label)
    const group = groups.get(form)
    if (group === undefined) groups.set(form, [label])
    else group.push(label)
  }
  return [...groups.values()].filter((group) => group.length > 1)
}
