/**
 * One picture that is being augmented, uint8 `[height, width, 3]`, and a second buffer for operations that cannot work
 * in place.
 */
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

/** The spare buffer becomes the picture, and the picture the spare buffer. */
export function swapBuffers(canvas: Canvas): void {
  const { pixels } = canvas
  canvas.pixels = canvas.spare
  canvas.spare = pixels
}
