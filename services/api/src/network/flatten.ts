/** A layer as it stands in a file, with the names of those that it takes. */
export interface Entry {
  className: string
  name: string
  inputs: string[]
  config: Record<string, unknown>
}

/** The layers of a model, each once, from its one input to its one output. */
export interface Graph {
  entries: Entry[]
  input: string
  output: string
}

export const modelClasses: readonly string[] = ['Sequential', 'Model', 'Functional']

/** Models within models within models: more is no network that somebody made. */
export const maxDepth = 8

/** No name in a file can have it by accident, so that a path is never taken for a name. */
const within = '\u0000'

/**
 * Puts the layers of models within a model (as Teachable Machine makes them) into the model itself: what took the inner model takes its last
 * layer, and what took the inner input takes what the inner model took. A name means a layer of its own model alone. Layers keep theirs, since
 * weights are found by them; those whose name another model has too are called `model/layer`.
 *
 * @param open reads the layers of an inner model, which lies so deep; throws where it cannot
 */
export function flatten(graph: Graph, open: (entry: Entry, depth: number) => Graph): Graph & { renamed: string[] } {
  const spread = spreadOut(graph, open, 1)
  const own = (path: string) => path.slice(path.lastIndexOf(within) + 1)
  const counts = new Map<string, number>()
  for (const { name } of spread.entries) counts.set(own(name), (counts.get(own(name)) ?? 0) + 1)
  const called = (path: string) => (counts.get(own(path)) === 1 ? own(path) : path.replaceAll(within, '/'))
  const entries = spread.entries.map((entry) => ({
    ...entry,
    name: called(entry.name),
    inputs: entry.inputs.map(called),
  }))
  return {
    entries,
    input: called(spread.input),
    output: called(spread.output),
    renamed: spread.entries.flatMap(({ name }) => (called(name) === own(name) ? [] : [called(name)])),
  }
}

/** Each layer by its path: the models that it is in, and its name. */
function spreadOut(graph: Graph, open: (entry: Entry, depth: number) => Graph, depth: number): Graph {
  const standsFor = new Map<string, string>()
  const entries = graph.entries.flatMap((entry) => {
    if (!modelClasses.includes(entry.className)) return [entry]
    const inner = spreadOut(open(entry, depth), open, depth + 1)
    const path = (name: string) => (name === inner.input ? entry.inputs[0]! : `${entry.name}${within}${name}`)
    standsFor.set(entry.name, path(inner.output))
    return inner.entries
      .filter(({ name }) => name !== inner.input)
      .map((one) => ({ ...one, name: path(one.name), inputs: one.inputs.map(path) }))
  })
  const meant = (name: string): string => {
    let found = name
    for (let steps = 0; standsFor.has(found) && steps <= standsFor.size; steps++) found = standsFor.get(found)!
    return found
  }
  return {
    entries: entries.map((entry) => ({ ...entry, inputs: entry.inputs.map(meant) })),
    input: graph.input,
    output: meant(graph.output),
  }
}
