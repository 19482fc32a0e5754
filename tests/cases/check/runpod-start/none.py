from runpod.serverless import start

start({"refresh_worker": True})
