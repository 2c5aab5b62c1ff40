import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { App, ConfigProvider } from 'antd';
import enUs from 'antd/locale/en_US';
import zhCn from 'antd/locale/zh_CN';
import { Suspense, useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { RouterProvider } from 'react-router';
import { ApiError } from '../api/problem.ts';
import { Loading } from '../parts/loading.tsx';
import { useLanguage } from './language.ts';
import { router } from './routes.tsx';
import { useTheme } from './theme.ts';

/** Long enough to be read by whoever looked elsewhere at first. */
const MESSAGE_SECONDS = 5;
const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What the hub refused it would refuse again; silence is worth another try.
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});

export function Root(): ReactNode {
  const language = useLanguage();
  const theme = useTheme();
  const readIn = useRef(language);
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
    if (readIn.current === language) return;
    readIn.current = language;
    // What the hub says in words comes in the language that it was asked in.
    void client.invalidateQueries();
  }, [language]);
  return (
    <ConfigProvider
      theme={theme}
      locale={language === 'zh' ? zhCn : enUs}
      button={{ autoInsertSpace: false }}
      wave={{ disabled: true }}
    >
      <App component={false} message={{ duration: MESSAGE_SECONDS }}>
        <QueryClientProvider client={client}>
          <Suspense fallback={<Loading isWhole />}>
            <RouterProvider router={router} />
          </Suspense>
        </QueryClientProvider>
      </App>
    </ConfigProvider>
  );
}
