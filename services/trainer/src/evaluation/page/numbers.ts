import type { Interval } from '@imclr/contract'

/** 1234567 as "1,234,567". */
export const count = (value: number) => value.toLocaleString('en-US')

/** 0.7985 as "79.9 %". */
export const percent = (share: number | null, digits = 1) => (share === null ? '–' : `${(100 * share).toFixed(digits)} %`)

/** 0.7985 as "79.9": for tables whose heading has the unit. */
export const points = (share: number | null, digits = 1) => (share === null ? '–' : (100 * share).toFixed(digits))

/** "78.1 – 81.5 %". */
export const range = ({ low, high }: Interval, digits = 1) => `${(100 * low).toFixed(digits)} – ${(100 * high).toFixed(digits)} %`

/** "gaussian_noise" as "Gaussian noise". */
export function title(name: string): string {
  if (name === 'jpeg_compression') return 'JPEG compression'
  const words = name.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
