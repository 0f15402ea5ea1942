import { PrepareFailedError, type Client, type Dataset, type UploadOptions } from '@imclr/sdk'
import { bar, progressLine } from './progressLine.js'

/** After this, somebody who waits wants to know why. */
const patienceMs = 5_000

/** Uploads a data set, shows its progress, and prints what it became. Throws what the upload throws. */
export async function uploadShown(
  sdk: Client,
  data: string,
  options: Omit<UploadOptions, 'onProgress'> = {},
): Promise<Dataset> {
  const line = progressLine(process.stdout)
  let waiting: NodeJS.Timeout | undefined
  try {
    const dataset = await sdk.datasets.upload(data, {
      ...options,
      onProgress: (progress) => {
        clearTimeout(waiting)
        switch (progress.phase) {
          case 'uploading':
            return line.show(
              `uploading  ${bar(progress.bytes, progress.totalBytes)} ${(progress.bytes / 1e6).toFixed(1)} of ${(progress.totalBytes / 1e6).toFixed(1)} MB`,
            )
          case 'waiting':
            waiting = setTimeout(
              () => line.end('The images have arrived; the service prepares them after those that arrived earlier'),
              patienceMs,
            )
            return
          case 'preparing':
            return line.show(
              `preparing  ${bar(progress.images, progress.totalImages)} ${progress.images} of ${progress.totalImages} images`,
            )
        }
      },
    })
    const {
      name,
      versionId,
      counts: { train, validation, test, unlabelled },
      classes,
      picture: { height, width },
      notes,
    } = dataset
    line.end(
      `Data set ${name}: ${train} training, ${validation > 0 ? `${validation} validation, ` : ''}${test} test and ${unlabelled} unlabelled images in ${classes.length} classes, ${width}x${height} pixels (${versionId})`,
    )
    tell(notes)
    return dataset
  } catch (error) {
    if (error instanceof PrepareFailedError && error.notes.length > 0) {
      line.end('Refused. Notes on this upload:')
      tell(error.notes)
    }
    throw error
  } finally {
    clearTimeout(waiting)
  }
}

function tell(notes: Dataset['notes']): void {
  for (const { count, message, examples } of notes)
    process.stdout.write(
      `  ${count}x ${message}: ${examples.slice(0, 3).join(', ')}${count > Math.min(3, examples.length) ? ' ...' : ''}\n`,
    )
}
