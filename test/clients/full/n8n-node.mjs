/**
 * HeyGen's n8n node as it is published, with n8n-workflow's own parameters and errors, in a small execution context: what
 * n8n-core gives a node that only sends HTTP (with axios, as n8n does). One step a line of JSON on stdin; one answer a line.
 */
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(import.meta.url)
const axios = require('axios')
const { NodeHelpers } = require('n8n-workflow')
const {
  HeygenNode,
} = require('@heygenofficial/n8n-nodes-heygen-official/dist/nodes/Heygen/HeygenNode.node.js')

const type = new HeygenNode()

function nodeWith(given) {
  const node = {
    id: '1',
    name: 'HeyGen',
    type: 'heygenNode',
    typeVersion: 1,
    position: [0, 0],
    parameters: { authentication: 'apiKey', ...given },
  }
  const { properties } = type.description
  const all = NodeHelpers.getNodeParameters(
    properties,
    node.parameters,
    true,
    false,
    node,
    type.description
  )
  return { ...node, parameters: all ?? node.parameters }
}

const valueAt = (object, path) => path.split('.').reduce((at, name) => at?.[name], object)

function contextOf(node) {
  return {
    getInputData: () => [{ json: {} }],
    getNode: () => node,
    getNodeParameter: (name, _, otherwise) => valueAt(node.parameters, name) ?? otherwise,
    getCredentials: async () => ({ apiKey: process.env.TOKEN }),
    continueOnFail: () => false,
    helpers: {
      async httpRequestWithAuthentication(_, { method, url, qs, headers, body }) {
        const answer = await axios({ method, url, params: qs, headers, data: body })
        return answer.data
      },
    },
  }
}

async function run({ options, ...parameters }) {
  try {
    // The choices of a field, as the editor shows them.
    if (options)
      return {
        json: {
          data: await type.methods.loadOptions[options].call(contextOf(nodeWith(parameters))),
        },
      }
    const [[item]] = await type.execute.call(contextOf(nodeWith(parameters)))
    return { json: item.json }
  } catch ({ name, message, description, httpCode }) {
    return { error: { name, message, description, httpCode } }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await run(JSON.parse(line))))
}
