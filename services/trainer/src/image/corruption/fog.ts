import type { Stream } from '../../random/stream.js'
import type { CorruptionContext, CorruptImage } from './imageCorruption.js'

/**
 * A height map by the diamond-square algorithm (Fournier, Fussell and Carpenter 1982) on a torus: starts from one
 * corner and halves the step until every point has its value, the mean of four neighbours plus noise that shrinks by
 * `decay` at every level.
 *
 * @param side a power of two
 * @returns a function that fills `[side, side]` with values from 0 to 1
 */
export function plasma(side: number, decay: number): (map: Float64Array, draw: Stream) => void {
  const at = (y: number, x: number) => (y & (side - 1)) * side + (x & (side - 1))
  return (map, draw) => {
    map[0] = 0
    let wibble = 100
    for (let step = side; step >= 2; step /= 2, wibble /= decay) {
      const half = step / 2
      const around = (sum: number) => sum / 4 + wibble * (2 * wibble * draw.uniform() - wibble)
      for (let y = 0; y < side; y += step) {
        for (let x = 0; x < side; x += step) {
          map[at(y + half, x + half)] = around(
            map[at(y, x)]! + map[at(y + step, x)]! + map[at(y, x + step)]! + map[at(y + step, x + step)]!,
          )
        }
      }
      for (let y = 0; y < side; y += step) {
        for (let x = 0; x < side; x += step) {
          const centres = map[at(y + half, x + half)]! + map[at(y - half, x + half)]!
          map[at(y, x + half)] = around(centres + map[at(y, x)]! + map[at(y, x + step)]!)
        }
      }
      for (let y = 0; y < side; y += step) {
        for (let x = 0; x < side; x += step) {
          const centres = map[at(y + half, x + half)]! + map[at(y + half, x - half)]!
          map[at(y + half, x)] = around(centres + map[at(y, x)]! + map[at(y + step, x)]!)
        }
      }
    }
    let low = Infinity
    let high = -Infinity
    for (let i = 0; i < map.length; i++) {
      low = Math.min(low, map[i]!)
      high = Math.max(high, map[i]!)
    }
    for (let i = 0; i < map.length; i++) map[i] = (map[i]! - low) / (high - low)
  }
}

/** Adds a height map and scales back so that the brightest value stays about where it was. */
export function fog(
  { amount, decay }: { amount: number; decay: number },
  { height, width }: CorruptionContext,
): CorruptImage {
  const side = Math.max(2, 2 ** Math.ceil(Math.log2(Math.max(height, width))))
  const fill = plasma(side, decay)
  const map = new Float64Array(side * side)
  return (source, out, draw) => {
    fill(map, draw)
    let brightest = 0
    for (let i = 0; i < source.length; i++) brightest = Math.max(brightest, source[i]!)
    brightest /= 255
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const mist = amount * map[y * side + x]!
        for (let c = 0; c < 3; c++) {
          const i = (y * width + x) * 3 + c
          out[i] = Math.min(255, (((source[i]! / 255 + mist) * brightest) / (brightest + amount)) * 255)
        }
      }
    }
  }
}
