/**
 * P values adjusted for being several (Holm 1979): the smallest times their number, the next times one less, and so on,
 * never falling and at most 1. Rejecting those at or below 5 % errs in any of them in at most 5 of 100 experiments,
 * whatever their dependence. `null` stays, and does not count.
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
