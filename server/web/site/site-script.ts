import * as answerMeta from './page/answer-meta.ts';
import * as answerText from './page/answer-text.ts';
import * as apiClient from './page/api-client.ts';
import * as apiError from './page/api-error.ts';
import * as askView from './page/ask-view.ts';
import * as buildFilter from './page/build-filter.ts';
import * as byteSpan from './page/byte-span.ts';
import * as changeLog from './page/change-log.ts';
import * as citationList from './page/citation-list.ts';
import * as collectionChoice from './page/collection-choice.ts';
import * as collectionPage from './page/collection-page.ts';
import * as collectionsView from './page/collections-view.ts';
import * as copyText from './page/copy-text.ts';
import * as documentList from './page/document-list.ts';
import * as documentSheet from './page/document-sheet.ts';
import * as eventStream from './page/event-stream.ts';
import * as failureNotice from './page/failure-notice.ts';
import * as figureView from './page/figure-view.ts';
import * as filterForm from './page/filter-form.ts';
import * as icons from './page/icons.ts';
import * as jobEvents from './page/job-events.ts';
import * as look from './page/look.ts';
import * as make from './page/make.ts';
import * as place from './page/place.ts';
import * as questionBox from './page/question-box.ts';
import * as resultItem from './page/result-item.ts';
import * as router from './page/router.ts';
import * as searchView from './page/search-view.ts';
import * as settings from './page/settings.ts';
import * as settingsView from './page/settings-view.ts';
import * as smallDialog from './page/small-dialog.ts';
import * as startSite from './page/start-site.ts';
import * as strings from './page/strings.ts';
import * as turn from './page/turn.ts';
import * as uploadBatch from './page/upload-batch.ts';
import * as uploadPanel from './page/upload-panel.ts';
import * as wording from './page/wording.ts';

/** The modules of the page. What they export is all there is in the browser: functions, classes and plain data, under the names that they have here. */
export const PAGE_MODULES: readonly Readonly<Record<string, unknown>>[] = [
  apiError,
  strings,
  wording,
  make,
  icons,
  look,
  settings,
  eventStream,
  apiClient,
  jobEvents,
  byteSpan,
  place,
  copyText,
  failureNotice,
  smallDialog,
  collectionChoice,
  documentSheet,
  figureView,
  answerText,
  answerMeta,
  citationList,
  turn,
  questionBox,
  askView,
  buildFilter,
  filterForm,
  resultItem,
  searchView,
  uploadBatch,
  uploadPanel,
  documentList,
  changeLog,
  collectionPage,
  collectionsView,
  settingsView,
  router,
  startSite,
];

/**
 * The page's script, made of the functions themselves, like the dashboard's: the code of the page is checked and tested like any other, and needs no build of its
 * own. Inside one function, so that no name of ours stands in the way of the browser's.
 */
export function siteScript(): string {
  const parts = PAGE_MODULES.flatMap((names) => Object.entries(names).map(([name, value]) => sourceOf(name, value)));
  // tsx wraps inner functions in calls of `__name`, which keep their names.
  return ["'use strict';", '(() => {', 'const __name = (value) => value;', ...parts, 'startSite();', '})();', ''].join('\n');
}

function sourceOf(name: string, value: unknown): string {
  return typeof value === 'function' ? String(value) : `const ${name} = ${JSON.stringify(value)};`;
}
