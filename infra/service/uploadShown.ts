import { PrepareFailedError, type Client, type Dataset, type UploadOptions } from '@imclr/sdk'
import { bar, progressLine } from './progressLine.js'

/** After which somebody who waits wants to know for what. */
const patienceMs = 5_000

/** Uploads a data set, says how it goes, and in the end what it is. Throws as the upload does. */
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
              () =>
                line.end('The images are there; the service prepares them next, or when uploads before them are done'),
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
      line.end('Refused. On the way:')
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
