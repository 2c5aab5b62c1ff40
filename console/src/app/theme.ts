import { theme } from 'antd';
import type { ThemeConfig } from 'antd';
import { useEffect, useSyncExternalStore } from 'react';
import { usePreferences } from './preferences.ts';

const FONT =
  '-apple-system, BlinkMacSystemFont, "PingFang SC", "HarmonyOS Sans SC", MiSans, "Segoe UI", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", Roboto, sans-serif';

const SHARED = {
  // Where motion is unwanted the components have none at all: sped up to nothing, their popups lose their place.
  motion: !globalThis.matchMedia('(prefers-reduced-motion: reduce)').matches,
  fontFamily: FONT,
  fontFamilyCode: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Noto Sans Mono CJK SC", monospace',
  borderRadius: 8,
  fontSize: 14,
  wireframe: false,
};

/** Every grey of a text has a contrast of at least 4.5 to every ground that it stands on: axe measures it. */
const LIGHT: ThemeConfig = {
  algorithm: theme.defaultAlgorithm,
  token: {
    ...SHARED,
    colorPrimary: '#0b6e5f',
    colorInfo: '#0b62ad',
    colorLink: '#0b6e5f',
    colorSuccess: '#157347',
    colorWarning: '#a34700',
    colorError: '#b3261e',
    colorTextBase: '#17211f',
    colorBgLayout: '#f4f6f5',
    colorBorder: '#d3dad8',
    colorBorderSecondary: '#e4e9e7',
    colorTextSecondary: '#4d5a57',
    colorTextTertiary: '#5c6966',
    colorTextQuaternary: '#667370',
    colorTextDescription: '#5c6966',
    colorTextPlaceholder: '#667370',
    colorTextDisabled: '#76827f',
    colorIcon: '#5c6966',
  },
};

const DARK: ThemeConfig = {
  algorithm: theme.darkAlgorithm,
  token: {
    ...SHARED,
    colorPrimary: '#48bfa8',
    colorInfo: '#6cb2f5',
    colorLink: '#5fd0ba',
    colorSuccess: '#5cc48a',
    colorWarning: '#f0a35e',
    colorError: '#f58a82',
    colorTextBase: '#e9efed',
    colorBgBase: '#101615',
    colorBgLayout: '#0d1211',
    colorBgContainer: '#161d1b',
    colorBgElevated: '#1e2725',
    colorBorder: '#36423f',
    colorBorderSecondary: '#28322f',
    colorTextSecondary: '#b4c0bd',
    colorTextTertiary: '#9daba7',
    colorTextQuaternary: '#93a19d',
    colorTextDescription: '#9daba7',
    colorTextPlaceholder: '#8e9c98',
    colorTextDisabled: '#74827e',
    colorIcon: '#9daba7',
    // What is filled with a colour is light here, so its text is dark.
    colorTextLightSolid: '#06211c',
  },
  components: {
    Tooltip: { colorTextLightSolid: '#e9efed', colorBgSpotlight: '#303b38' },
  },
};

const systemDark = globalThis.matchMedia('(prefers-color-scheme: dark)');

function subscribeSystem(tell: () => void): () => void {
  systemDark.addEventListener('change', tell);
  return () => systemDark.removeEventListener('change', tell);
}

export function useIsDark(): boolean {
  const chosen = usePreferences().theme;
  const system = useSyncExternalStore(subscribeSystem, () => systemDark.matches);
  return chosen === 'system' ? system : chosen === 'dark';
}

/** The theme for Ant Design; our own styles follow `data-theme` of the document. */
export function useTheme(): ThemeConfig {
  const isDark = useIsDark();
  useEffect(() => {
    document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light';
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', isDark ? '#0d1211' : '#f4f6f5');
  }, [isDark]);
  return isDark ? DARK : LIGHT;
}
