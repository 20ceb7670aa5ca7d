import { Argument, InvalidArgumentError } from 'commander'

/** Whether a text is the id of a stored baseline. */
export function isBaselineId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}

/** [id]: the id of a stored baseline as `baseline list` shows it; the newest when left out. */
export function baselineIdArgument(): Argument {
  return new Argument('[id]', 'id of the baseline (default: the newest)').argParser((text) => {
    if (!isBaselineId(text)) {
      throw new InvalidArgumentError('It must be an id as `pgdrill baseline list` shows it.')
    }
    return text
  })
}
