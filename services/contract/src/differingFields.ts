/**
 * Names of the fields in which two parsed values differ. A field that only one of them has counts too. The comparison
 * expects keys in the order in which zod writes them.
 */
export function differingFields(one: object, other: object): string[] {
  const [first, second] = [one as Record<string, unknown>, other as Record<string, unknown>]
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (name) => JSON.stringify(first[name]) !== JSON.stringify(second[name]),
  )
}
