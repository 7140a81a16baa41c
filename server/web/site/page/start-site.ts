import { ApiClient } from './api-client.ts';
import { AskView, type ViewParts } from './ask-view.ts';
import { CollectionChoice } from './collection-choice.ts';
import { CollectionsView } from './collections-view.ts';
import { DocumentSheet } from './document-sheet.ts';
import { applyLook, makeLookSwitches } from './look.ts';
import { Router, type View } from './router.ts';
import { SearchView } from './search-view.ts';
import { Settings } from './settings.ts';
import { SettingsView } from './settings-view.ts';
import { say, sayAttribute } from './wording.ts';

// Code of the page: see site-script.ts.

/** Starts the page: its language and theme at once, the rest when the page is there. */
export function startSite(): void {
  const settings = new Settings();
  applyLook(settings);
  document.addEventListener('DOMContentLoaded', () => startViews(settings));
}

export function startViews(settings: Settings): void {
  const find = (id: string) => document.getElementById(id)!;
  const main = find('main');
  const skip = find('skip');
  say(skip, 'page.skip');
  // The address says which view is shown, so it cannot say where to go in it.
  skip.addEventListener('click', (event) => {
    event.preventDefault();
    main.focus();
  });
  sayAttribute(find('views'), 'aria-label', 'page.views');

  const api = new ApiClient(settings, () => settingsView.demandKey(location.hash));
  const choice = new CollectionChoice(api, settings);
  const sheet = new DocumentSheet(api);
  const announcer = find('announcer');
  const parts: ViewParts = {
    api,
    settings,
    choice,
    open: (opening) => void sheet.open(opening),
    announce: (key, values) => {
      announcer.textContent = '';
      say(announcer, key, values);
    },
  };
  const settingsView = new SettingsView(parts);
  const views = new Map<string, View>([
    ['ask', new AskView(parts)],
    ['search', new SearchView(parts)],
    ['collections', new CollectionsView(parts)],
    ['settings', settingsView],
  ]);
  const looks = makeLookSwitches(settings, () => {
    applyLook(settings);
    document.dispatchEvent(new Event('look'));
  });
  find('looks').append(...looks);
  new Router(views, main, find('views')).start();
  // What it refuses is told by the view that asks for it.
  choice.refresh().catch(() => {});
}
