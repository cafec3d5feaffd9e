import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
// Before the screens, whose own styles build on these.
import './design/tokens.css';
import './design/base.css';
import { App } from './App';
import { ErrorBoundary } from './design/ErrorBoundary';
import { LocaleProvider } from './i18n/LocaleProvider';
import { SessionProvider } from './session/SessionProvider';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');

createRoot(root).render(
  <StrictMode>
    <LocaleProvider>
      <ErrorBoundary>
        <SessionProvider>
          <App />
        </SessionProvider>
      </ErrorBoundary>
    </LocaleProvider>
  </StrictMode>,
);
