import { makeIcon } from './icons.ts';
import { makeButton } from './make.ts';
import type { Settings } from './settings.ts';
import { say, sayAttribute, wordAgain } from './wording.ts';

// Code of the page: see site-script.ts.

/** The language that is chosen, or the first of the browser's that the page has. */
export function languageOf(settings: Settings, wanted: readonly string[]): 'en' | 'zh' {
  if (settings.language !== 'browser') return settings.language;
  const first = wanted.find((tag) => /^(en|zh)\b/i.test(tag));
  return first !== undefined && /^zh\b/i.test(first) ? 'zh' : 'en';
}

/** Sets language and theme of the page; words that stand there are worded anew. */
export function applyLook(settings: Settings): void {
  const root = document.documentElement;
  const language = languageOf(settings, navigator.languages);
  const lang = language === 'zh' ? 'zh-CN' : 'en';
  if (settings.theme === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = settings.theme;
  if (root.lang !== lang) {
    root.lang = lang;
    wordAgain(document);
  }
}

export function isDark(settings: Settings): boolean {
  return settings.theme === 'dark' || (settings.theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
}

/** The two switches at the top of the page: the other language, the other theme. */
export function makeLookSwitches(settings: Settings, onChange: () => void): HTMLElement[] {
  const language = makeButton({ class: 'quiet' });
  const theme = makeButton({ class: 'quiet icon' });
  const draw = () => {
    const chinese = languageOf(settings, navigator.languages) === 'zh';
    say(language, 'look.otherLanguage');
    // The name of a language is written in that language.
    language.lang = chinese ? 'en' : 'zh-CN';
    const dark = isDark(settings);
    theme.replaceChildren(makeIcon(dark ? 'sun' : 'moon'));
    sayAttribute(theme, 'aria-label', dark ? 'look.light' : 'look.dark');
    sayAttribute(theme, 'title', dark ? 'look.light' : 'look.dark');
  };
  language.addEventListener('click', () => {
    settings.language = languageOf(settings, navigator.languages) === 'zh' ? 'en' : 'zh';
    onChange();
  });
  theme.addEventListener('click', () => {
    settings.theme = isDark(settings) ? 'light' : 'dark';
    onChange();
  });
  document.addEventListener('look', draw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  draw();
  return [language, theme];
}
