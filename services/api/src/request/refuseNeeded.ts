import { Failure, type Issue } from '@imclr/contract'

/** Throws Failure IN_USE where something needs what is to be deleted (`what`: such as `Model mdl_1`); each issue's path is who does. */
export function refuseNeeded(what: string, issues: Issue[]): void {
  if (issues.length > 0)
    throw new Failure('IN_USE', `${what} is needed by ${issues.map(({ path }) => path).join(', ')}`, { issues })
}
