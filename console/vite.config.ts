import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { pixelsToRem } from './rem.ts';

const gateway = process.env['SNOWLIGHT_GATEWAY'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: '/',
  plugins: [react()],
  css: { postcss: { plugins: [pixelsToRem()] } },
  build: { outDir: 'dist', target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 900 },
  server: {
    host: '127.0.0.1',
    proxy: { '/v1': gateway, '/hls': gateway, '/snapshot': gateway, '/ws': { target: gateway, ws: true } },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
