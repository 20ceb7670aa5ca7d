import { raw, html as tag } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import { plainText } from '../../terminal/plain-text.ts'

/** Markup that is safe to put into markup. */
export type Html = HtmlEscapedString

type Child = string | number | null | Html | readonly Html[]

/**
 * A template of HTML: every value is escaped unless it is markup made by this tag. Control and format characters of a
 * text are shown as \uXXXX, as on a terminal.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Child[]): Html {
  // Markup is a String object; a string of its own kind is text.
  return tag(strings, ...values.map((value) => (typeof value === 'string' ? plainText(value) : value))) as Html
}

/** Text of ours that is markup or a style already, such as the style sheet. Never for what comes from elsewhere. */
export function trusted(text: string): Html {
  return raw(text)
}
