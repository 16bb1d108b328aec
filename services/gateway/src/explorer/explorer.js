// The page's own script. The token stays in this tab (sessionStorage) and goes nowhere but to this gateway.
const storageKey = 'atoll-token';
const workers = {
  editorWorkerService: '/explorer/worker-editor.js',
  json: '/explorer/worker-json.js',
  graphql: '/explorer/worker-graphql.js',
};
self.MonacoEnvironment = { globalAPI: false, getWorkerUrl: (_moduleId, label) => workers[label] };

const firstQuery = `# Who you are, and what you may do.
query Viewer {
  viewer {
    subject
    role
    permissions
    tenantId
  }
}
`;

async function describe(token) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: '{ viewer { subject role } }' }),
  });
  const { data, errors } = await response.json();
  return data ? `${data.viewer.subject} (${data.viewer.role})` : errors[0].message;
}

addEventListener('DOMContentLoaded', async () => {
  const field = document.querySelector('#token');
  const state = document.querySelector('#state');
  document.querySelector('#access').addEventListener('submit', (event) => {
    event.preventDefault();
    sessionStorage.setItem(storageKey, field.value.trim().replace(/^Bearer\s+/i, ''));
    location.reload();
  });
  const token = sessionStorage.getItem(storageKey);
  if (!token) {
    state.value = 'Paste a token: npm start prints some.';
    return;
  }
  field.value = token;
  const authorization = `Bearer ${token}`;
  self.YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#explorer'), {
    endpoint: `${location.origin}/graphql`,
    subscriptionsEndpoint: `${location.origin}/graphql`,
    subscriptionsProtocol: 'WS',
    additionalHeaders: { authorization },
    connectionParams: () => ({ authorization }),
    defaultQuery: firstQuery,
    title: 'Atoll',
  });
  state.value = await describe(token);
});
