// What a person would see of a page, as far as its HTML tells without running it.

/** A page this short has nothing on it but what it says: then its whole text is looked at, not only its headings. */
const shortPage = 1500

/** The title, the headings and the text of a page. */
export interface PageText {
  title: string
  headings: string
  text: string
}

/** Reads the text of a page. Scripts are left out: frameworks carry the words of their error pages along in every page. */
export function pageText(html: string): PageText {
  const visible = ['script', 'style', 'template', 'noscript'].reduce(without, withoutComments(html))
  return {
    title: words(inside(visible, 'title').join(' ')),
    headings: words([...inside(visible, 'h1'), ...inside(visible, 'h2')].join(' ')),
    text: words(inside(visible, 'body')[0] ?? visible),
  }
}

/**
 * Which of the words that must not be there makes this an error page: in the title or a heading, or anywhere on a page
 * with little on it. Customers' data may hold the same words.
 */
export function errorWordOf(page: PageText, words: readonly string[]): string | undefined {
  const places = [page.title, page.headings, page.text.length <= shortPage ? page.text : ''].map((text) =>
    text.toLowerCase(),
  )
  return words.find((word) => places.some((place) => place.includes(word.toLowerCase())))
}

// By indexOf and not by regular expressions: one that looks for an end that is not there reads the page again for each start.

function withoutComments(html: string): string {
  return cutOut(html, html, '<!--', '-->')
}

function without(html: string, element: string): string {
  return cutOut(html, html.toLowerCase(), `<${element}`, `</${element}`)
}

function cutOut(html: string, searched: string, start: string, end: string): string {
  const kept: string[] = []
  let from = 0
  for (;;) {
    const begins = searched.indexOf(start, from)
    if (begins < 0) return [...kept, html.slice(from)].join(' ')
    kept.push(html.slice(from, begins))
    const ends = searched.indexOf(end, begins + start.length)
    if (ends < 0) return kept.join(' ')
    from = ends + end.length
    const closes = end === '-->' ? from - 1 : searched.indexOf('>', from)
    if (closes < 0) return kept.join(' ')
    from = closes + 1
  }
}

function inside(html: string, element: string): string[] {
  const searched = html.toLowerCase()
  const found: string[] = []
  let from = 0
  for (;;) {
    const begins = searched.indexOf(`<${element}`, from)
    if (begins < 0) return found
    const opens = searched.indexOf('>', begins)
    if (opens < 0) return found
    from = opens + 1
    // <header> is no <h1>, and <titlebar> no <title>.
    if (/[a-z0-9-]/.test(searched[begins + element.length + 1] ?? '')) continue
    const ends = searched.indexOf(`</${element}`, from)
    found.push(html.slice(from, ends < 0 ? undefined : ends))
    if (ends < 0) return found
    from = ends
  }
}

function words(html: string): string {
  return html
    .replace(/<[^<>]{0,5000}>/g, ' ')
    .replace(/&nbsp;/gi, ' ')
    .replace(/&(#39|#x27|apos|rsquo);/gi, "'")
    .replace(/&amp;/gi, '&')
    .replace(/’/g, "'")
    .replace(/\s+/g, ' ')
    .trim()
}
