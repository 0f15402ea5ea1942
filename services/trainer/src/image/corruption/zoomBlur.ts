import type { CorruptionContext, CorruptImage } from './imageCorruption.js'

/** How the centre of one side is enlarged: which source pixels each target pixel lies between. */
interface SidePlan {
  length: number
  lower: Int32Array
  upper: Int32Array
  /** Weight of the upper pixel. */
  share: Float64Array
}

const roundHalfToEven = (value: number) => {
  const below = Math.floor(value)
  const rest = value - below
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below
}

/**
 * The middle ceil(length / factor) pixels, enlarged by `factor` so that the outermost pixels stay outermost
 * (scipy.ndimage.zoom).
 */
export function zoomSide(length: number, factor: number): SidePlan {
  const part = Math.ceil(length / factor)
  const top = Math.floor((length - part) / 2)
  const enlarged = roundHalfToEven(part * factor)
  const step = enlarged > 1 ? (part - 1) / (enlarged - 1) : 0
  const lower = new Int32Array(enlarged)
  const upper = new Int32Array(enlarged)
  const share = new Float64Array(enlarged)
  for (let i = 0; i < enlarged; i++) {
    const at = Math.min(part - 1, i * step)
    const below = Math.floor(at)
    lower[i] = top + below
    upper[i] = top + Math.min(part - 1, below + 1)
    share[i] = at - below
  }
  return { length: enlarged, lower, upper, share }
}

interface Enlargement {
  rows: SidePlan
  columns: SidePlan
  channels: number
  /** How many rows and columns of the enlarged image are wanted, from its upper left corner. */
  height: number
  width: number
}

/**
 * Prepares a bilinear enlargement; the returned function hands every enlarged row to `use`, from the first to the last.
 */
export function enlarge({ rows, columns, channels, height, width }: Enlargement, sourceWidth: number) {
  const line = new Float64Array(width * channels)
  const left = new Int32Array(line.length)
  const right = new Int32Array(line.length)
  const share = new Float64Array(line.length)
  for (let i = 0; i < line.length; i++) {
    const x = Math.floor(i / channels)
    left[i] = columns.lower[x]! * channels + (i % channels)
    right[i] = columns.upper[x]! * channels + (i % channels)
    share[i] = columns.share[x]!
  }
  const mixed = new Float64Array(sourceWidth * channels)
  return (source: Float64Array, use: (line: Float64Array, y: number) => void): void => {
    for (let y = 0; y < height; y++) {
      const low = rows.lower[y]! * mixed.length
      const high = rows.upper[y]! * mixed.length
      const part = rows.share[y]!
      for (let x = 0; x < mixed.length; x++) mixed[x] = source[low + x]! * (1 - part) + source[high + x]! * part
      for (let i = 0; i < line.length; i++) line[i] = mixed[left[i]!]! * (1 - share[i]!) + mixed[right[i]!]! * share[i]!
      use(line, y)
    }
  }
}

/**
 * 1, 1 + step, ... below `end`, counted as numpy.arange counts (rounding may let `end` itself in, as in the published
 * files).
 */
function zoomFactors(end: number, step: number): number[] {
  return Array.from({ length: Math.ceil((end - 1) / step) }, (_, i) => 1 + i * (1 + step - 1))
}

/**
 * The mean of the image and its enlargements: a lens that zooms while the shutter is open. All enlargements together
 * are one linear map in which a pixel depends on few others, so that map is built once and applied to every image.
 */
export function zoomBlur(
  { end, step }: { end: number; step: number },
  { height, width }: CorruptionContext,
): CorruptImage {
  const { starts, sources, weights } = meanOfZooms(zoomFactors(end, step), height, width)
  return (source, out) => {
    for (let p = 0; p < height * width; p++) {
      let red = 0
      let green = 0
      let blue = 0
      for (let t = starts[p]!; t < starts[p + 1]!; t++) {
        const from = sources[t]!
        const weight = weights[t]!
        red += weight * source[from]!
        green += weight * source[from + 1]!
        blue += weight * source[from + 2]!
      }
      out[3 * p] = red
      out[3 * p + 1] = green
      out[3 * p + 2] = blue
    }
  }
}

/**
 * For every target pixel its source pixels (as offsets of their bytes) and their weights, from `starts[p]` to
 * `starts[p + 1]`.
 */
function meanOfZooms(factors: readonly number[], height: number, width: number) {
  const sides = factors.map((factor) => ({ rows: zoomSide(height, factor), columns: zoomSide(width, factor) }))
  const starts = new Uint32Array(height * width + 1)
  const sources: number[] = []
  const weights: number[] = []
  const share = 1 / (factors.length + 1)
  const weightOf = new Float64Array(height * width)
  const taps: number[] = []
  const add = (y: number, x: number, weight: number) => {
    if (!(weight > 0)) return
    const from = y * width + x
    if (weightOf[from] === 0) taps.push(from)
    weightOf[from]! += weight * share
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      add(y, x, 1)
      for (const { rows, columns } of sides) {
        const v = rows.share[y]!
        const u = columns.share[x]!
        add(rows.lower[y]!, columns.lower[x]!, (1 - v) * (1 - u))
        add(rows.lower[y]!, columns.upper[x]!, (1 - v) * u)
        add(rows.upper[y]!, columns.lower[x]!, v * (1 - u))
        add(rows.upper[y]!, columns.upper[x]!, v * u)
      }
      for (const from of taps) {
        sources.push(3 * from)
        weights.push(weightOf[from]!)
        weightOf[from] = 0
      }
      taps.length = 0
      starts[y * width + x + 1] = sources.length
    }
  }
  return { starts, sources: Uint32Array.from(sources), weights: Float64Array.from(weights) }
}
