/** Names of the fields in which two parsed values differ (a field that one of them lacks is one). Each field is compared as zod has its order. */
export function differingFields(one: object, other: object): string[] {
  const [first, second] = [one as Record<string, unknown>, other as Record<string, unknown>]
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (name) => JSON.stringify(first[name]) !== JSON.stringify(second[name]),
  )
}
