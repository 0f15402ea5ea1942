import { Failure } from '@imclr/contract'

/** The failure of an upload that cannot be completed yet, with the parts that must be sent again. */
export function incomplete(key: string, partNumbers: number[]): Failure {
  const issues = partNumbers.map((number) => ({
    path: `parts.${number}`,
    code: 'missing',
    message: `part ${number} is not in the store`,
    fix: 'send it again',
  }))
  return new Failure('UPLOAD_INCOMPLETE', `not all parts of ${key} have arrived`, { issues })
}
