/** In this order: an Edge says that it is a Chrome, and a Chrome that it is a Safari. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/MicroMessenger\/(\d+)/u, 'WeChat'],
  [/Edg(?:A|iOS)?\/(\d+)/u, 'Edge'],
  [/OPR\/(\d+)/u, 'Opera'],
  [/(?:Firefox|FxiOS)\/(\d+)/u, 'Firefox'],
  [/(?:Headless)?(?:Chrome|CriOS)\/(\d+)/u, 'Chrome'],
  [/Version\/(\d+)[^ ]* .*Safari/u, 'Safari'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/iPhone|iPad/u, 'iOS'],
  [/Android/u, 'Android'],
  [/HarmonyOS|OpenHarmony/u, 'HarmonyOS'],
  [/Windows/u, 'Windows'],
  [/Mac OS X/u, 'macOS'],
  [/Linux/u, 'Linux'],
];

/** `Chrome 140 · Windows` of what a browser calls itself; the whole of it where nothing is recognised. */
export function browserText(agent: string): string {
  const browser = BROWSERS.flatMap(([pattern, name]) => {
    const version = pattern.exec(agent)?.[1];
    return version === undefined ? [] : [`${name} ${version}`];
  })[0];
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1];
  const known = [browser, system].filter((part) => part !== undefined);
  return known.length === 0 ? agent : known.join(' · ');
}
