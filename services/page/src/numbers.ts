import type { Interval } from '@imclr/statistics'

/** 1234567 as "1,234,567". */
export const count = (value: number) => value.toLocaleString('en-US')

/** 0.7985 as "79.9 %". */
export const percent = (share: number | null, digits = 1) =>
  share === null ? '–' : `${(100 * share).toFixed(digits)} %`

/** 0.7985 as "79.9", for tables whose heading has the unit. */
export const points = (share: number | null, digits = 1) => (share === null ? '–' : (100 * share).toFixed(digits))

/** An interval of shares as "78.1 – 81.5 %". */
export const range = ({ low, high }: Interval, digits = 1) =>
  `${(100 * low).toFixed(digits)} – ${(100 * high).toFixed(digits)} %`

/** A difference in points with its sign: 0.0213 as "+2.13". */
export function signed(share: number | null, digits = 2): string {
  if (share === null) return '–'
  const text = Math.abs(100 * share).toFixed(digits)
  return `${Number(text) === 0 ? '' : share > 0 ? '+' : '−'}${text}`
}

/** An interval of differences in points, as "−0.31 to +2.10". */
export const signedRange = (interval: Interval | null, digits = 2) =>
  interval === null ? '–' : `${signed(interval.low, digits)} to ${signed(interval.high, digits)}`

/** A p value as papers write it. */
export const pValue = (p: number | null) => (p === null ? '–' : p < 0.001 ? '< 0.001' : p.toFixed(3))

/** "gaussian_noise" as "Gaussian noise". */
export function title(name: string): string {
  if (name === 'jpeg_compression') return 'JPEG compression'
  const words = name.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Cuts a name that is longer than `length`. */
export const shorten = (name: string, length: number) =>
  name.length <= length ? name : `${name.slice(0, length - 1)}…`
