// LoopBack's example of todos with its items in PostgreSQL: node todo.postgres.js FOLDER.
// The example numbers its items in memory; here the database does.
const {TodoListApplication, Todo} = require(process.argv[2]);

Object.assign(Todo.definition.properties.id, {generated: true});

(async () => {
  const app = new TodoListApplication({rest: {host: process.env.HOST, port: +process.env.PORT, openApiSpec: {setServersFromRequest: true}}});
  app.bind('datasources.config.db').to({name: 'db', connector: 'postgresql', url: process.env.DATABASE});
  await app.boot();
  await app.migrateSchema();
  await app.start();
})().catch(err => {
  console.error(err);
  process.exit(1);
});
