// Runs before anything is painted, so that a dark screen never flashes white. A file of its own: the content security
// policy takes no inline scripts.
(() => {
  let chosen = 'system';
  try {
    chosen = JSON.parse(localStorage.getItem('huidan.preferences') ?? '{}').theme ?? 'system';
  } catch {
    // Storage may be closed to the page.
  }
  const isDark = chosen === 'dark' || (chosen === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
})();
