import { style } from './style.ts'
import { type Html, html, trusted } from './tag.ts'

// Nothing is loaded and nothing runs, whatever should get past the escaping.
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

/**
 * A whole HTML file that needs nothing else.
 * @param title what the window is called
 * @param body what stands between the tags of its body
 * @param moreStyle rules behind those of every page; ours, never from elsewhere
 */
export function htmlPage(title: string, body: Html, moreStyle = ''): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${trusted(style + moreStyle)}</style>
</head>
<body>
${body}
</body>
</html>
`.toString()
}
