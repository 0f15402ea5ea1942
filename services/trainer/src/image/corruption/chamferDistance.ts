/**
 * Lengths of a straight, a diagonal and a knight's step in 1/65536 pixel (Borgefors 1986; OpenCV's 5x5 mask for
 * Euclidean distance).
 */
const straight = 65_536
const diagonal = 91_750
const knight = 143_976
const far = 2 ** 29

/**
 * Distance of every pixel to the nearest mark, approximated by steps to the 16 neighbours of a 5x5 mask, in two passes.
 *
 * @returns a function from marks `[height, width]` (not 0: distance 0) to distances in pixels
 */
export function chamferDistance(height: number, width: number): (marks: Uint8Array, distances: Float64Array) => void {
  const frame = width + 4
  const lengths = new Int32Array((height + 4) * frame)
  const steps = Int32Array.of(
    -2 * frame - 1,
    -2 * frame + 1,
    -frame - 2,
    -frame + 2,
    -frame - 1,
    -frame + 1,
    -frame,
    -1,
  )
  const costs = Int32Array.of(knight, knight, knight, knight, diagonal, diagonal, straight, straight)
  return (marks, distances) => {
    lengths.fill(far)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = (y + 2) * frame + x + 2
        let least = marks[y * width + x] ? 0 : far
        if (least > 0) for (let s = 0; s < 8; s++) least = Math.min(least, lengths[at + steps[s]!]! + costs[s]!)
        lengths[at] = least
      }
    }
    for (let y = height - 1; y >= 0; y--) {
      for (let x = width - 1; x >= 0; x--) {
        const at = (y + 2) * frame + x + 2
        let least = lengths[at]!
        if (least > 0) for (let s = 0; s < 8; s++) least = Math.min(least, lengths[at - steps[s]!]! + costs[s]!)
        lengths[at] = least
        distances[y * width + x] = least / straight
      }
    }
  }
}
