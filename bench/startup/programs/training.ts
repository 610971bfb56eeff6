import { Adam, LastStep, Linear, LSTM, mseLoss, normal, Sequential, zeros } from "unrolled";

const model = new Sequential(
  new LSTM({ inputSize: 8, hiddenSize: 32 }),
  new LastStep(),
  new Linear({ inputSize: 32, outputSize: 4 }),
);
const optimizer = new Adam(model.parameters());
const loss = mseLoss(model.forward(normal([16, 8, 8])), zeros([8, 4]));
loss.backward();
optimizer.step();
if (!(loss.item() > 0)) throw new Error(`expected a loss above 0, got ${loss.item()}`);
