#!/usr/bin/env node
import '@rank-rank/cli/bin';
