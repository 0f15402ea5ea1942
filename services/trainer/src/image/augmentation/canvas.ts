/** One picture that is being worked on: uint8 `[height, width, 3]`, and as much room for the result of an operation that cannot work in place. */
export interface Canvas {
  readonly height: number
  readonly width: number
  pixels: Uint8Array
  spare: Uint8Array
}

export const openCanvas = (height: number, width: number): Canvas => ({
  height,
  width,
  pixels: new Uint8Array(height * width * 3),
  spare: new Uint8Array(height * width * 3),
})

/** What was written to the spare room becomes the picture. */
export function turnOver(canvas: Canvas): void {
  const { pixels } = canvas
  canvas.pixels = canvas.spare
  canvas.spare = pixels
}
