/** Where to read when an index lies outside 0..length-1; any distance outside is allowed. */
export type Border = (index: number, length: number) => number

/** a a a | a b c d | d d d */
export const nearest: Border = (index, length) => (index < 0 ? 0 : index >= length ? length - 1 : index)

/** c b a | a b c d | d c b: scipy's "reflect". */
export const reflect: Border = (index, length) => {
  const period = 2 * length
  const place = ((index % period) + period) % period
  return place < length ? place : period - 1 - place
}

/** d c b | a b c d | c b a: OpenCV's BORDER_REFLECT_101, scipy's "mirror". */
export const reflect101: Border = (index, length) => {
  if (length === 1) return 0
  const period = 2 * length - 2
  const place = ((index % period) + period) % period
  return place < length ? place : period - place
}
