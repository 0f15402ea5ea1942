/**
 * Adjusts p values for multiple comparisons (Holm 1979). It multiplies the smallest by their number, the next by one
 * less, and so on. The adjusted values never fall and are at most 1. If you reject those at or below 5 %, at most 5 of
 * 100 experiments contain any error, whatever the dependence of the values. `null` stays `null` and does not count.
 */
export function holm(pValues: readonly (number | null)[]): (number | null)[] {
  const order = pValues.flatMap((p, index) => (p === null ? [] : [{ p, index }])).sort((a, b) => a.p - b.p)
  const adjusted: (number | null)[] = pValues.map(() => null)
  let most = 0
  order.forEach(({ p, index }, rank) => {
    most = Math.max(most, Math.min(1, (order.length - rank) * p))
    adjusted[index] = most
  })
  return adjusted
}
