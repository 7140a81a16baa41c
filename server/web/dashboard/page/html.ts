/** The page as it stands before its script runs. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Training runs</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="uplot.css">
<link rel="stylesheet" href="style.css">
<script src="uplot.js" defer></script>
<script src="dashboard.js" defer></script>
</head>
<body>
<header>
<h1>Training runs</h1>
<p id="status" role="status">reading</p>
</header>
<form id="controls" aria-label="How curves are drawn">
<fieldset><legend>horizontal axis</legend>
<label><input type="radio" name="axis" value="step" checked> step</label>
<label><input type="radio" name="axis" value="seconds"> time</label>
</fieldset>
<label>smoothing <input type="range" name="smoothing" min="0" max="0.99" step="0.01" value="0"> <output name="smoothing-value">0</output></label>
<label><input type="checkbox" name="logarithmic"> logarithmic losses</label>
</form>
<section aria-labelledby="runs-title">
<h2 id="runs-title">Runs</h2>
<p><button type="button" id="show-all">show all</button> <button type="button" id="show-none">show none</button></p>
<div class="scroll"><table id="runs">
<thead><tr><th scope="col">run</th><th scope="col">step</th><th scope="col">loss</th><th scope="col">dev nDCG@10</th><th scope="col">dev retention</th></tr></thead>
<tbody></tbody>
</table></div>
</section>
<main id="charts"></main>
<footer><p>Drag over a chart to zoom into all of them, double-click to see all again. With the keyboard: Tab to a chart, then the arrow keys, Home and End read its values.</p>
<noscript><p>The curves are drawn by a script: allow scripts for this page.</p></noscript></footer>
</body>
</html>
`;
