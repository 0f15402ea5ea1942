/** A layer as it stands in a file, with the names of its inputs. */
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

/** How deep models may lie within models. Nobody makes networks that are deeper. */
export const maxDepth = 8

/** Separates the names in a path. No name in a file has this character, so a path is never taken for a name. */
const within = '\u0000'

/**
 * Moves the layers of inner models (Teachable Machine makes such networks) into the model itself. A layer that read an
 * inner model then reads its last layer, and a layer that read the inner input reads the input of the inner model. A
 * name refers to a layer of its own model only. Layers keep their names, by which their weights are found; a layer
 * whose name occurs in another model too is renamed to `model/layer`.
 *
 * @param open reads the layers of an inner model at that depth; throws where it cannot
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

/** Names each layer by its path: the models that it is in, and its name. */
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
