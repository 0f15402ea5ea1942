import { resolveDefinition, type ExperimentChoice } from '@imclr/experiments'
import { Failure, planRuns, type ExperimentDefinition, type Issue } from '@imclr/contract'

const mostRuns = 500

/** Makes the whole definition of what a request asks for. Throws Failure BAD_INPUT where it contradicts itself. */
export function resolveExperiment(choice: ExperimentChoice): ExperimentDefinition {
  const definition = resolveDefinition(choice)
  const issues = [...reservedIn(choice.overrides ?? {}), ...contradictions(definition)]
  if (issues.length > 0)
    throw new Failure(
      'BAD_INPUT',
      `${definition.name} is not an experiment that can be run: ${issues.map(({ message }) => message).join('; ')}`,
      { issues },
    )
  return definition
}

/** The fields of a spec that the experiment sets for every run, and what decides them. */
const reserved = { seed: 'seeds', subsetSeed: 'seeds', trainImages: 'budgets' } as const

function reservedIn(overrides: NonNullable<ExperimentChoice['overrides']>): Issue[] {
  return (Object.keys(reserved) as (keyof typeof reserved)[])
    .filter((name) => overrides[name] !== undefined)
    .map((name) => ({
      path: `overrides.${name}`,
      code: 'reserved',
      message: `${name} is set by the experiment, run by run`,
      fix: `Use ${reserved[name]}`,
    }))
}

function contradictions(definition: ExperimentDefinition): Issue[] {
  const { arms, comparisons, seeds, budgets } = definition
  const issues: Issue[] = []
  const refuse = (path: string, message: string, fix: string): void => {
    issues.push({ path, code: 'contradiction', message, fix })
  }
  const names = arms.map(({ name }) => name)
  for (const [path, values] of [
    ['arms', names],
    ['seeds', seeds],
    ['budgets', budgets],
  ] as const) {
    const twice = values.filter((value, i) => values.indexOf(value as never) !== i)
    if (twice.length > 0)
      refuse(path, `${path} has ${twice.map((value) => value ?? 'all').join(', ')} twice`, 'Name each once')
  }
  arms.forEach(({ name, spec }, i) => {
    const twin = arms.slice(0, i).find((other) => JSON.stringify(other.spec) === JSON.stringify(spec))
    if (twin)
      refuse('arms', `The arms ${twin.name} and ${name} do not differ`, 'Let their specs differ, or leave one out')
  })
  comparisons.forEach(({ arm, against }, i) => {
    const unknown = [arm, against].filter((name) => !names.includes(name))
    if (unknown.length > 0)
      refuse(`comparisons[${i}]`, `There is no arm ${unknown.join(', ')}`, `Use ${names.join(', ')}`)
    else if (arm === against) refuse(`comparisons[${i}]`, `${arm} would be compared with itself`, 'Name another arm')
  })
  const runs = planRuns(definition).length
  if (runs > mostRuns)
    refuse(
      'seeds',
      `These are ${runs} runs; ${mostRuns} are the most of one experiment`,
      'Use fewer seeds, budgets or arms',
    )
  return issues
}
