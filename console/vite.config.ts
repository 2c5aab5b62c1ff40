import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const hub = process.env['HUB'] ?? 'http://127.0.0.1:8420';
const key = process.env['KEY'];

/** `npm run console` serves it with hot reload and passes the API on to a hub; with KEY it needs no sign-in. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  plugins: [react()],
  build: {
    outDir: join(import.meta.dirname, 'dist'),
    emptyOutDir: true,
    // No browser that lacks these has had a security update since 2023.
    target: ['chrome111', 'safari16.4', 'firefox114'],
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      '/api': {
        target: hub,
        changeOrigin: false,
        ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
      },
    },
  },
});
