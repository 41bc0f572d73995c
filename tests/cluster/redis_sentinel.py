"""Redis with a replica, and three Sentinels that promote the replica when the master is gone."""

import os

from processes import Process, await_true, free_port, make_folder, program, run

QUORUM = 2
DOWN_AFTER_MS = 1000


class Redis(Process):
    """One Redis server. It starts as a replica if it is given a master's port."""

    def __init__(self, stage, name, master_port=None):
        super().__init__(name, make_folder(stage.folder(name), "redis"), "redis")
        self.port = free_port()
        config = [f"port {self.port}", "bind 127.0.0.1", f"dir {self.folder}", 'save ""', "appendonly yes",
                  "appendfsync everysec", "maxmemory-policy noeviction", "repl-diskless-sync-delay 0",
                  "repl-timeout 5"]
        if master_port:
            config.append(f"replicaof 127.0.0.1 {master_port}")
        self.config = f"{self.folder}/redis.conf"
        self.write(config)
        stage.add(self)
        self.start()

    def write(self, config):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("\n".join(config) + "\n")
        make_folder(self.folder, self.account)
        if os.geteuid() == 0:
            os.chmod(self.config, 0o666)  # Sentinel has it rewritten

    def start(self):
        self.launch([program("redis-server"), self.config])
        await_true(f"{self.name} answers", self.answers, process=self)

    def ask(self, *command):
        return run([program("redis-cli"), "-h", "127.0.0.1", "-p", str(self.port), *command], seconds=3).strip()

    def answers(self):
        try:
            return self.ask("PING") == "PONG"
        except Exception:
            return False

    def is_master(self):
        return self.answers() and self.ask("ROLE").startswith("master")


class Sentinel(Process):
    def __init__(self, stage, number, master_port):
        name = f"sentinel{number}"
        super().__init__(name, make_folder(stage.folder(name), "redis"), "redis")
        self.port = free_port()
        config = f"{self.folder}/sentinel.conf"
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"port {self.port}\nbind 127.0.0.1\ndir {self.folder}\n"
                       f"sentinel monitor drill 127.0.0.1 {master_port} {QUORUM}\n"
                       f"sentinel down-after-milliseconds drill {DOWN_AFTER_MS}\n"
                       "sentinel failover-timeout drill 5000\nsentinel parallel-syncs drill 1\n")
        if os.geteuid() == 0:
            os.chmod(config, 0o666)
        stage.add(self)
        self.launch([program("redis-sentinel", "redis-server"), config, "--sentinel"])

    def ask(self, *command):
        return run([program("redis-cli"), "-h", "127.0.0.1", "-p", str(self.port), *command], seconds=3).strip()

    def sees(self, others, replicas):
        try:
            rows = self.ask("SENTINEL", "MASTER", "drill").splitlines()
        except Exception:
            return False
        told = dict(zip(rows[::2], rows[1::2]))
        return told.get("num-other-sentinels") == str(others) and told.get("num-slaves") == str(replicas)


class Redises:
    """Two Redis servers and three Sentinels, which are all told of each other by the master."""

    def __init__(self, stage):
        self.servers = [Redis(stage, "redis1")]
        self.servers.append(Redis(stage, "redis2", self.servers[0].port))
        self.sentinels = [Sentinel(stage, number, self.servers[0].port) for number in (1, 2, 3)]
        ready = lambda: all(sentinel.sees(2, 1) for sentinel in self.sentinels)
        await_true("the Sentinels know each other", ready, 30)

    def master(self):
        """The one that most Sentinels say."""
        said = [sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "drill").split()[-1] for sentinel in self.sentinels]
        return next(server for server in self.servers if said.count(str(server.port)) >= QUORUM)

    def kill_master(self):
        master = self.master()
        master.kill()
        return master
