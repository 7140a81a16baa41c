/** Paths of what the page needs, relative to it: so it also works below a path of a proxy. */
export interface PageAssets {
  readonly style: string;
  readonly script: string;
  readonly icon: string;
}

/** The page as it stands before its script runs. The script stands in the head so that language and theme are set before anything is drawn. */
export function pageOf({ style, script, icon }: PageAssets): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>CEM-RAG</title>
<link rel="icon" type="image/svg+xml" href="${icon}">
<link rel="stylesheet" href="${style}">
<script src="${script}"></script>
</head>
<body>
<a id="skip" class="skip" href="#main"></a>
<header class="top">
<a class="brand" href="#/ask"><img src="${icon}" alt="" width="26" height="26"><span>CEM-RAG</span></a>
<nav id="views"></nav>
<div id="looks" class="looks"></div>
</header>
<main id="main" tabindex="-1"></main>
<p id="announcer" class="unseen" role="status"></p>
<noscript><p class="noscript">This page is made by a script: allow scripts for it. 此页面由脚本生成：请允许脚本运行。</p></noscript>
</body>
</html>
`;
}
