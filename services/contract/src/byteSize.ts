import { z } from 'zod'

const powers: Record<string, number> = { '': 0, k: 1, m: 2, g: 3, t: 4 }

/** A number of bytes in an environment variable: 25769803776, or '24g' (k, m, g and t are powers of 1024). */
export const byteSize = z
  .string()
  .regex(/^\d+(\.\d+)?\s*[kmgt]?(i?b)?$/i, "must be a number of bytes, or such as '24g'")
  .transform((text) => {
    const [, number, unit] = /^([\d.]+)\s*([kmgt]?)/i.exec(text)!
    return Math.floor(Number(number) * 1024 ** powers[unit!.toLowerCase()]!)
  })
  .pipe(z.int().positive())
